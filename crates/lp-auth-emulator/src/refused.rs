//! An address at which connections are refused.

use core::net::SocketAddr;
use std::io;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpSocket;

use crate::error::EmulatorError;

/// A port that is bound and never listening, so that nobody else listens there. Taken when it is first asked for.
#[derive(Default)]
pub(crate) struct RefusedAddress(OnceLock<(TcpSocket, SocketAddr)>);

impl RefusedAddress {
    pub(crate) fn address(&self) -> Result<SocketAddr, EmulatorError> {
        if let Some((_, address)) = self.0.get() {
            return Ok(*address);
        }
        let wanted: SocketAddr = ([127, 0, 0, 1], 0).into();
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            socket.bind(wanted)?;
            let address = socket.local_addr()?;
            Ok((socket, address))
        };
        let bound = bind().map_err(|error: io::Error| EmulatorError::Listen {
            address: wanted,
            source: Arc::new(error),
        })?;
        Ok(self.0.get_or_init(|| bound).1)
    }
}
