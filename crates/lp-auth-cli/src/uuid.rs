//! What a UUID looks like: LivePerson names clients, functions and the keys of V2 tokens so.

/// Whether this is a UUID in its textual form (RFC 9562 §4), of whatever version.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_five_groups_of_hexadecimal_digits() {
        for uuid in [
            "75588e18-0213-4e33-8174-883acac7e3c4",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
        ] {
            assert!(is_uuid(uuid), "{uuid}");
        }
        for other in [
            "",
            "75588e1802134e338174883acac7e3c4",
            "75588e18-0213-4e33-8174-883acac7e3c",
            "75588e18-0213-4e33-8174-883acac7e3c4-",
            "75588e18-0213-4e33-8174-883acac7e3cg",
            "75588e18-0213-4e33-8174-883acac7e3é",
        ] {
            assert!(!is_uuid(other), "{other}");
        }
    }
}
