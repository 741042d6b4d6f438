//! Sockets and names.

use std::io::Error;
use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use serde_json::{Value, json};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::udp::OutgoingDatagram;
use wasip2::sockets::udp_create_socket::create_udp_socket;

pub(crate) fn tcp_connect(to: &str) -> Result<Value, String> {
    let stream = TcpStream::connect(to).map_err(said)?;
    Ok(json!(stream.peer_addr().map_err(said)?))
}

pub(crate) fn tcp_listen(on: &str) -> Result<Value, String> {
    let listener = TcpListener::bind(on).map_err(said)?;
    Ok(json!(listener.local_addr().map_err(said)?))
}

pub(crate) fn udp_bind(on: &str) -> Result<Value, String> {
    let socket = UdpSocket::bind(on).map_err(said)?;
    Ok(json!(socket.local_addr().map_err(said)?))
}

/// Past the standard library, which binds a socket before it sends: WASI's own socket, as far as it goes.
pub(crate) fn udp_send(to: &str) -> Result<Value, String> {
    let to: std::net::SocketAddrV4 = to.parse().map_err(|_| format!("{to} is no address"))?;
    let [a, b, c, d] = to.ip().octets();
    let remote = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: to.port(), address: (a, b, c, d) });
    let any = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (0, 0, 0, 0) });
    let failed = |step: &str, code| format!("{step}: {code:?}");
    let socket = create_udp_socket(IpAddressFamily::Ipv4).map_err(|code| failed("create", code))?;
    let bound = socket.start_bind(&instance_network(), any).and_then(|()| {
        socket.subscribe().block();
        socket.finish_bind()
    });
    // Without a bound socket there is no stream, but that is for the host to say.
    let (_incoming, outgoing) =
        socket.stream(Some(remote)).map_err(|code| failed(&format!("bind {bound:?}; stream"), code))?;
    outgoing.subscribe().block();
    let datagram = OutgoingDatagram { data: b"sent by a guest".to_vec(), remote_address: Some(remote) };
    let sent = outgoing.check_send().and_then(|_| outgoing.send(&[datagram])).map_err(|code| failed("send", code))?;
    Ok(json!(sent))
}

pub(crate) fn look_up(name: &str) -> Result<Value, String> {
    let addresses: Vec<_> = (name, 80).to_socket_addrs().map_err(said)?.map(|address| address.ip()).collect();
    Ok(json!(addresses))
}

fn said(error: Error) -> String {
    error.to_string()
}
