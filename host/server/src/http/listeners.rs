//! The sockets, bound before anything is served, so that port 0 works and what is wrong shows at once.

use std::fs::Permissions;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::config::Settings;

/// Name of the local socket within the data directory.
const SOCKET_NAME: &str = "hookyard.sock";
/// Longest path of a local socket: `sun_path` of `sockaddr_un`, less the closing NUL (unix(7)).
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Bound sockets that nobody serves yet; connections wait in the kernel's queue.
#[derive(Debug)]
pub struct Listeners {
    pub(super) public: TcpListener,
    pub(super) admin: Option<TcpListener>,
    pub(super) local: LocalListener,
    addresses: Addresses,
}

/// Where a host listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Webhooks.
    pub public: SocketAddr,
    /// The API, where it has an address of its own.
    pub admin: Option<SocketAddr>,
    /// The API without a token, for whoever may open this socket.
    pub socket: PathBuf,
}

/// Why a socket cannot be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// An address of the configuration.
    #[error("cannot listen on {address}, the {setting} of the configuration")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Which setting it is.
        setting: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The local socket.
    #[error("cannot listen on the local socket {}", path.display())]
    Socket {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A path too long for the kernel.
    #[error(
        "the path of the local socket has more than {SOCKET_PATH_BYTES_MAX} bytes: {}; use a data directory with a shorter path",
        .0.display()
    )]
    PathTooLong(PathBuf),
    /// Something answers on the local socket.
    #[error("another process listens on {}: a host runs on this data directory already", .0.display())]
    InUse(PathBuf),
}

impl Listeners {
    /// Binds what the settings name. The data directory must exist.
    ///
    /// # Errors
    /// An address is taken or not this machine's, or the local socket cannot be made.
    pub async fn bind(settings: &Settings) -> Result<Self, BindError> {
        let (public, public_address) = bind_tcp(settings.listen, "`listen`").await?;
        let (admin, admin_address) = match settings.admin_listen {
            Some(address) => {
                let (listener, bound) = bind_tcp(address, "`admin_listen`").await?;
                (Some(listener), Some(bound))
            }
            None => (None, None),
        };
        let local = LocalListener::bind(settings.data.join(SOCKET_NAME)).await?;
        let addresses = Addresses { public: public_address, admin: admin_address, socket: local.path.0.clone() };
        Ok(Self { public, admin, local, addresses })
    }

    /// Where they listen: tells the port where 0 was configured.
    pub fn addresses(&self) -> Addresses {
        self.addresses.clone()
    }
}

async fn bind_tcp(address: SocketAddr, setting: &'static str) -> Result<(TcpListener, SocketAddr), BindError> {
    let failed = |source| BindError::Address { address, setting, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// The local socket and its place in the file system.
#[derive(Debug)]
pub(super) struct LocalListener {
    pub(super) listener: UnixListener,
    pub(super) path: SocketPath,
}

/// Removes the socket's file when it is dropped.
#[derive(Debug)]
pub(super) struct SocketPath(PathBuf);

impl Drop for SocketPath {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(path = %self.0.display(), %error, "the local socket was not removed");
        }
    }
}

impl LocalListener {
    /// Only the host's own user may open it: the directory is 0700, the socket 0600.
    async fn bind(path: PathBuf) -> Result<Self, BindError> {
        if path.as_os_str().len() > SOCKET_PATH_BYTES_MAX {
            return Err(BindError::PathTooLong(path));
        }
        let failed = |source| BindError::Socket { path: path.clone(), source };
        if is_socket(&path) {
            if UnixStream::connect(&path).await.is_ok() {
                return Err(BindError::InUse(path));
            }
            std::fs::remove_file(&path).map_err(failed)?;
        }
        let listener = UnixListener::bind(&path).map_err(failed)?;
        let guard = SocketPath(path.clone());
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self { listener, path: guard })
    }
}

fn is_socket(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_a_killed_host_left_behind_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET_NAME);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left behind");
        let local = LocalListener::bind(path.clone()).await.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(local);
        assert!(!path.exists(), "removed at the end");
    }

    #[tokio::test]
    async fn a_socket_that_somebody_serves_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET_NAME);
        let first = LocalListener::bind(path.clone()).await.unwrap();
        assert!(matches!(LocalListener::bind(path.clone()).await, Err(BindError::InUse(_))));
        assert!(path.exists());
        drop(first);
    }

    #[tokio::test]
    async fn a_path_that_the_kernel_cannot_take_is_named() {
        let path = PathBuf::from(format!("/{}", "d".repeat(SOCKET_PATH_BYTES_MAX)));
        let error = LocalListener::bind(path).await.unwrap_err();
        assert!(error.to_string().contains("shorter path"), "{error}");
    }
}
