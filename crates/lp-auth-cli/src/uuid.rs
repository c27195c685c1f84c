//! What a UUID looks like: LivePerson names clients, functions and the keys of V2 tokens so.

/// Whether this is a UUID in its textual form (RFC 9562 §4), of whatever version.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
