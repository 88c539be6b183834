//! The two ends of the measurement: a connection to a server, and the pipes of a worker.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek as _, Write},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread::JoinHandle,
};

/// A child that is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// Copies its log into a file, and returns that when the log ends.
    log: Option<JoinHandle<File>>,
}

impl Server {
    /// Starts a server that prints its address on stderr.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        let mut file = tempfile::tempfile().expect("a file for its log");
        let address = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).expect("stderr"), 0, "the server says where it listens");
            file.write_all(line.as_bytes()).expect("its log is kept");
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                break format!("127.0.0.1:{port}");
            }
        };
        // Copied, because a full pipe would stop the server, and unread: a reader of lines takes the time of the client, on
        // the client's core, from the server that writes more of them.
        let log = std::thread::spawn(move || {
            io::copy(&mut stderr, &mut file).expect("its log is kept");
            file
        });
        Self { child, address, log: Some(log) }
    }
}

impl Drop for Server {
    /// Ends it and prints the errors of its log.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        let mut log = self.log.take().expect("dropped once").join().expect("a log");
        log.rewind().expect("a log");
        let trouble = |line: &String| ["WARN", "ERROR", "panicked"].iter().any(|sign| line.contains(sign));
        for line in BufReader::new(log).lines().map(|line| line.expect("a log")).filter(trouble) {
            writeln!(io::stderr(), "{line}").expect("stderr");
        }
    }
}

/// HTTP/1.1 over one connection, with no more than the measurement needs.
pub(crate) struct Http {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Http {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("nodelay");
        Self { stream: BufReader::new(stream), host: address.to_owned() }
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> (u16, Vec<u8>) {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("a request");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a header");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a body");
        (status, body)
    }
}

pub(crate) struct Pipe {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Pipe {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let stdin = child.stdin.take().expect("piped");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, stdin, stdout }
    }

    /// Writes a frame, and returns the line that answers it. Events are skipped.
    pub(crate) fn call(&mut self, frame: &str) -> String {
        self.stdin.write_all(format!("{frame}\n").as_bytes()).expect("a frame");
        let mut line = String::new();
        loop {
            self.stdout.read_line(&mut line).expect("a reply");
            if !line.starts_with("{\"event\"") {
                return line;
            }
            line.clear();
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
