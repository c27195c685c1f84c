//! The words that scenarios are written in.

use lp_auth_core::ErrorKind;

use crate::Says;

/// What happens, and what must come of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    /// So many seconds pass, or the clock is set forward by so many: a machine cannot tell.
    After(f64),
    /// What follows has nothing to do with what went before: new machines, and the clock of the beginning.
    Anew,
    /// Somebody asks, and is told.
    Ask(Want, Told),
    /// So many calls for this were made, all in all.
    Calls(Purpose, usize),
    /// Somebody else has reason to doubt this host.
    Doubt(&'static str),
    /// The text of the last error holds these words.
    ErrorSays(&'static str),
    /// So many strangers ask for keys, ten in a millisecond, each with a `kid` that he made up.
    Flood {
        /// How many.
        strangers: usize,
        /// How many of them are told to make the call.
        call: usize,
        /// How many are told to wait.
        wait: usize,
        /// What all others are told.
        others: Told,
    },
    /// A reply to a call of other machines is handed in, and comes back.
    ForeignReply(Purpose),
    /// An API refuses this token.
    Invalidate(&'static str, Retry),
    /// Somebody asks a machine what is due.
    KeepUp(Machine, Told),
    /// The oldest call for this is lost: no reply will come.
    Lose(Purpose),
    /// So many made-up services are asked for and looked up, one after the other; the Domain API knows none of them.
    MadeUpServices(usize),
    /// The token source is given credentials of another client.
    NewClient,
    /// The locator is another one, which asks the Domain API and knows nothing yet.
    NewLocator,
    /// The token source is given another secret of the same client.
    NewSecret,
    /// Whether a reader without a lock uses what is at hand, or has to ask.
    Read(Machine, Reader),
    /// The oldest call for this is answered.
    Reply(Purpose, Says),
    /// The newest call for this is answered.
    ReplyToNewest(Purpose, Says),
    /// A token with so many seconds to live is restored.
    Restore(&'static str, u64, Restored),
    /// The clock is set back by so many seconds.
    SetBack(f64),
    /// Sentinel's host is asked of the Domain API. Without this line it is fixed.
    WithDomainApi,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Want {
    /// The access token.
    AToken,
    /// The host of this service.
    HostOf(&'static str),
    /// The key set.
    Keys,
    /// A key set with this `kid`, which a token names.
    Kid(&'static str),
}

/// What an asker is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// To make this call.
    Call(Purpose),
    /// To make this call to this host.
    CallTo(Purpose, &'static str),
    /// That it failed.
    Fails(ErrorKind),
    /// This host.
    Host(&'static str),
    /// The set of these keys, in the order of their names.
    KeySet(&'static str),
    /// The token of this name.
    Token(&'static str),
    /// To wait, or that nothing is due.
    Waits,
    /// To wait so many seconds: from this to that.
    WaitsFor(u64, u64),
}

/// What a call is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// The key set, of Sentinel.
    TheKeys,
    /// The host of Sentinel, of the Domain API.
    TheSentinel,
    /// The host of another service, of the Domain API.
    TheService(&'static str),
    /// The token, of Sentinel.
    TheToken,
}

/// A machine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Machine {
    /// The locator.
    Hosts,
    /// The key source.
    KeySource,
    /// The token source.
    TokenSource,
}

/// What a reader without a lock does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reader {
    /// Has to ask the machine.
    Asks,
    /// Finds it at hand.
    FindsIt,
}

/// Whether a retry after an invalidation is said to make sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// It does not.
    IsUseless,
    /// It does.
    MakesSense,
}

/// What becomes of a token that is restored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Restored {
    /// It is not taken.
    Declined,
    /// It is at hand now.
    Taken,
}
