//! A gateway that the tool starts itself, so that its process can be stopped, held up and killed.

use std::{
    ffi::OsString,
    io::{self, PipeReader},
    net::{Ipv4Addr, TcpListener},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    TargetError, ToolError,
    gateway::Gateway,
    pipe::{fill, full_pipe},
    process::Process,
};

/// The part of the command line that becomes the address to listen at.
pub const ADDRESS: &str = "{address}";

/// Pause between two looks at a gateway that starts: short beside any start, long beside a look.
const POLL: Duration = Duration::from_millis(20);

/// How to start a gateway.
#[derive(Clone, Debug)]
pub struct GatewayLauncher {
    /// Program and arguments; one of them has [`ADDRESS`].
    pub command: Vec<OsString>,
    /// Variables added to the environment.
    pub env: Vec<(OsString, OsString)>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// Longest wait for its first answer.
    pub start_timeout: Duration,
}

/// A gateway that was started here, and its process. The process is killed when this is dropped.
pub struct OwnGateway {
    /// Its client.
    pub gateway: Gateway,
    /// Its process.
    pub process: Process,
    /// The reading end of a full stderr. Dropped after `process`: a closed pipe would end a write that waits.
    unread: Option<PipeReader>,
}

impl GatewayLauncher {
    /// Starts one, and waits until it answers.
    ///
    /// # Errors
    /// [`TargetError::Tool`] if it cannot be started at all; [`TargetError::Ended`] or [`TargetError::Silent`] if it does not
    /// answer.
    pub fn start(&self) -> Result<OwnGateway, TargetError> {
        self.start_with(Stdio::piped())
    }

    /// Starts one with a full, unread pipe as its stderr.
    ///
    /// # Errors
    /// As [`GatewayLauncher::start`].
    pub fn start_with_full_stderr(&self) -> Result<OwnGateway, TargetError> {
        let (unread, full) = full_pipe().map_err(ToolError::FullPipe)?;
        let mut own = self.start_with(full.into())?;
        own.unread = Some(unread);
        Ok(own)
    }

    /// Starts one with an unread pipe as its stderr, which is full once the gateway answers. A script in front of the
    /// gateway has room for its own lines.
    ///
    /// # Errors
    /// As [`GatewayLauncher::start`].
    pub fn start_unread(&self) -> Result<OwnGateway, TargetError> {
        let (unread, writer) = io::pipe().map_err(ToolError::FullPipe)?;
        let filler = writer.try_clone().map_err(ToolError::FullPipe)?;
        let mut own = self.start_with(writer.into())?;
        fill(filler).map_err(ToolError::FullPipe)?;
        own.unread = Some(unread);
        Ok(own)
    }

    /// Starts one whose stderr is a pipe that its reader closes once the gateway answers: a write fails then, and its writer
    /// gets SIGPIPE.
    ///
    /// # Errors
    /// As [`GatewayLauncher::start`].
    pub fn start_unheard(&self) -> Result<OwnGateway, TargetError> {
        let (reader, writer) = io::pipe().map_err(ToolError::FullPipe)?;
        let own = self.start_with(writer.into())?;
        drop(reader);
        Ok(own)
    }

    fn start_with(&self, stderr: Stdio) -> Result<OwnGateway, TargetError> {
        let program = self.command.first().ok_or(ToolError::NoCommand)?;
        let address = free_address()?;
        let mut has_address = false;
        let args: Vec<OsString> = self.command[1..]
            .iter()
            .map(|arg| match arg.to_str() {
                Some(text) if text.contains(ADDRESS) => {
                    has_address = true;
                    text.replace(ADDRESS, &address).into()
                }
                _ => arg.clone(),
            })
            .collect();
        if !has_address {
            return Err(ToolError::NoAddress.into());
        }
        let mut command = Command::new(program);
        command.args(args).envs(self.env.iter().cloned());
        // stdout is for the operator: it says where the gateway listens, which is known here.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let (process, _) = Process::start(&mut command)?;
        let gateway = Gateway::new(&format!("http://{address}"), self.timeout)?;
        self.wait(OwnGateway { gateway, process, unread: None })
    }

    fn wait(&self, mut own: OwnGateway) -> Result<OwnGateway, TargetError> {
        let until = Instant::now() + self.start_timeout;
        // One that takes the connection and never answers is waited for no longer than one that takes none.
        while own.gateway.get_within("/health/live", until.saturating_duration_since(Instant::now())).is_err()
        {
            if !matches!(own.process.exit(POLL), Err(TargetError::Silent { .. })) {
                return Err(own.process.ended());
            }
            if Instant::now() > until {
                let what = "GET /health/live after its start".to_owned();
                return Err(TargetError::Silent { what, within: self.start_timeout });
            }
        }
        // The refused connections of the start do not count as silence of a running gateway.
        own.gateway.was_silent();
        Ok(own)
    }
}

/// An address of this machine with a port that was free a moment ago. Another program may take the port before the gateway
/// does; the gateway then ends and says so, and the run ends without a verdict.
fn free_address() -> Result<String, ToolError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ToolError::NoPort)?;
    Ok(listener.local_addr().map_err(ToolError::NoPort)?.to_string())
}
