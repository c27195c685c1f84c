//! What may have been meant by a name that is not known.

/// The name that is most like this one, if one is like it.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// From where on clap, too, finds two words alike.
    const ALIKE: f64 = 0.7;
    let alike = known
        .into_iter()
        .map(|known| (strsim::jaro(name, known), known))
        .filter(|(likeness, _)| *likeness > ALIKE);
    alike
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// The same where names differ in case alone, or in little else.
pub(crate) fn nearest_in_any_case<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    const ALIKE: f64 = 0.8;
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .filter(|known| *known != name)
        .map(|known| (strsim::jaro_winkler(&wanted, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

/// Whether this is more like a client secret than like a host, a path or a service: letters and digits alone, mixed.
pub(crate) fn is_like_a_secret(word: &str) -> bool {
    word.len() >= 20
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether this could be a client secret or a token that stands where it does not belong.
pub(crate) fn may_be_secret(word: &str) -> bool {
    word.len() >= 16 && !word.starts_with('-')
}
