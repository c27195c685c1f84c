//! What a check says on standard output, one fact a line:
//!
//! - `client NAME VERSION`: what was tried;
//! - `needed …`: what it had to be told, beside what everybody is told;
//! - `sent VARIANT`: it asked for a token that way, and got a good one;
//! - `seen …`: how the client took what it was answered;
//! - `skipped …`, with exit code 77: why it cannot be tried here.

/// The rows of the table in `docs/LIVEPERSON.md` §2.
pub(super) const VARIANTS: [(&str, &str); 8] = [
    ("v1", "V1"),
    ("v2", "V2"),
    ("delegated", "V2 with `state`"),
    ("legacy-v2", "V1's path with `v=2.0`, and an empty `scope`"),
    ("v2-path-v2", "V2's path with `v=2.0`"),
    ("split", "V1 with the grant type in the query"),
    ("query", "V1 with everything in the query"),
    ("no-version", "V1's path without a query"),
];

#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Facts {
    pub(super) clients: Vec<String>,
    pub(super) needed: Vec<String>,
    pub(super) seen: Vec<String>,
    pub(super) sent: Vec<String>,
    pub(super) skipped: Vec<String>,
}

impl Facts {
    /// Lines that are no facts are passed over.
    pub(super) fn read(stdout: &str) -> Self {
        let mut facts = Self::default();
        for (kind, text) in stdout.lines().filter_map(|line| line.split_once(' ')) {
            let list = match kind {
                "client" => &mut facts.clients,
                "needed" => &mut facts.needed,
                "seen" => &mut facts.seen,
                "sent" => &mut facts.sent,
                "skipped" => &mut facts.skipped,
                _ => continue,
            };
            list.push(text.to_owned());
        }
        facts
    }

    pub(super) fn unknown_variant(&self) -> Option<&str> {
        let is_known = |name: &str| VARIANTS.iter().any(|(variant, _)| *variant == name);
        self.sent.iter().map(String::as_str).find(|name| !is_known(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_told_from_chatter() {
        let facts = Facts::read("client x 1.0\nloading\nsent v1\nwarning: sent\nsent v9\nseen it all\n");
        assert_eq!(facts.clients, ["x 1.0"]);
        assert_eq!(facts.sent, ["v1", "v9"]);
        assert_eq!(facts.seen, ["it all"]);
        assert_eq!(facts.unknown_variant(), Some("v9"));
        assert_eq!(Facts::read("sent query\n").unknown_variant(), None);
    }
}
