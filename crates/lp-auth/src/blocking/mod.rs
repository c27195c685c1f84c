//! The same words for threads: a call returns when the answer is there. Feature `blocking`.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let lp = lp_auth::Client::builder("12345678")
//!     .client_id("75588e18-0213-4e33-8174-883acac7e3c4")
//!     .client_secret(std::env::var("LP_CLIENT_SECRET")?)
//!     .build_blocking()?;
//! std::thread::spawn(lp.keep_fresh());
//! let token = lp.token()?;
//! # Ok(()) }
//! ```

mod client;
mod driver;
#[cfg(feature = "verify")]
mod verifier;

pub use client::Client;
#[cfg(feature = "verify")]
pub(crate) use driver::Driver;
#[cfg(feature = "verify")]
pub use verifier::Verifier;
