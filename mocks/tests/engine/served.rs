//! The stub as a server.

use authgauge_mocks::{Options, Stub, StubError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn exchange(stub: &Stub, request: &str) -> String {
    let address = stub.base_url().strip_prefix("http://").expect("plain http");
    let mut stream = TcpStream::connect(address).await.expect("the stub listens");
    stream.write_all(request.as_bytes()).await.expect("the stub reads");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("the stub answers");
    response
}

#[tokio::test]
async fn serves_requests_until_it_is_dropped() {
    let stub = Stub::start(&Options::default()).await.expect("a free port");
    let request = "GET /userinfo?a=b HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n";
    let response = exchange(&stub, request).await;
    assert!(response.starts_with("HTTP/1.1 401 "), "{response}");
    assert!(response.to_lowercase().contains("www-authenticate: bearer"), "{response}");
    let request =
        "GET /.well-known/openid-configuration HTTP/1.1\r\nHost: stub\r\nConnection: close\r\n\r\n";
    let response = exchange(&stub, request).await;
    assert!(response.contains(&format!("\"issuer\":\"{}\"", stub.issuer())), "{response}");
}

#[tokio::test]
async fn a_port_in_use_is_said_to_be() {
    let stub = Stub::start(&Options::default()).await.expect("a free port");
    let port = stub.base_url().rsplit(':').next().and_then(|port| port.parse().ok());
    let options = Options { port: port.expect("a port"), ..Options::default() };
    let error = Stub::start(&options).await.expect_err("the port is taken");
    assert!(matches!(error, StubError::PortInUse { .. }), "{error}");
}
