//! One portal on its own, against any OpenID provider that has discovery.
//!
//! ```text
//! portal --portal admin --port 3003 --issuer http://localhost:8080/realms/enterprise-sso
//! ```

use std::io::IsTerminal as _;
use std::net::IpAddr;
use std::process::ExitCode;
use std::str::FromStr;

use clap::Parser;
use portals::{Clock, Fault, Faults, Kind, Portal, PortalError, Secret, Settings, Sibling, UnknownStore};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

/// Runs one portal of the training lab until Ctrl-C or SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "portal", version, about, after_long_help = fault_list())]
struct Args {
    /// Which portal: internal, external or admin
    #[arg(long, env = "SSO_PORTAL_PORTAL", value_name = "KIND")]
    portal: Kind,
    /// Port to listen on; 0 takes a free one
    #[arg(long, env = "SSO_PORTAL_PORT")]
    port: u16,
    /// The provider, exactly as its discovery document names it
    #[arg(long, env = "SSO_PORTAL_ISSUER", value_name = "URL", value_parser = web_address)]
    issuer: Url,
    /// Name of the client at the provider [default: the lab's, if the issuer is on this machine]
    #[arg(long, env = "SSO_PORTAL_CLIENT_ID", value_name = "ID")]
    client_id: Option<String>,
    /// Environment variable that holds the client's secret [default: the lab's secret, if the issuer is on this machine]
    #[arg(long, env = "SSO_PORTAL_CLIENT_SECRET_ENV", value_name = "VAR")]
    client_secret_env: Option<String>,
    /// Origin under which browsers reach this portal [default: http://localhost:PORT]
    #[arg(long, env = "SSO_PORTAL_PUBLIC_URL", value_name = "URL", value_parser = web_address)]
    public_url: Option<Url>,
    /// Address to listen on
    #[arg(long, env = "SSO_PORTAL_BIND", value_name = "ADDR", default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Another portal to link to, for example internal=http://localhost:3001; may be repeated
    #[arg(long = "sibling", env = "SSO_PORTAL_SIBLING", value_name = "KIND=URL", value_delimiter = ',')]
    siblings: Vec<Link>,
    /// Where sessions are kept: memory, or redis://HOST:PORT for several replicas
    #[arg(long, env = "SSO_PORTAL_STORE", value_name = "STORE", default_value = "memory", hide_env_values = true)]
    store: String,
    /// A named fault to switch on, for lessons; may be repeated (--help lists them)
    #[arg(long = "fault", env = "SSO_PORTAL_FAULT", value_name = "NAME", value_delimiter = ',')]
    faults: Vec<Fault>,
}

/// A sibling on the command line.
#[derive(Debug, Clone)]
struct Link(Sibling);

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,portal=info,tower_sessions_core=error"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {}\n  it means: {}\n  to do: {}", problem.what, problem.means, problem.action);
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Problem> {
    let faults = faults(&args)?;
    let (client_id, client_secret) = credentials(&args)?;
    // Not by clap: its message would repeat the text, and with it a password.
    let store = args.store.parse().map_err(|error: UnknownStore| cannot_store(&error))?;
    let listener = TcpListener::bind((args.bind, args.port)).await.map_err(|error| cannot_listen(&args, &error))?;
    let port = listener.local_addr().map_err(|error| cannot_listen(&args, &error))?.port();
    let settings = Settings {
        kind: args.portal,
        public_url: match args.public_url {
            Some(url) => url,
            None => {
                Url::parse(&format!("http://localhost:{port}")).map_err(|error| Problem::new(&error.to_string()))?
            }
        },
        issuer: args.issuer,
        client_id,
        client_secret,
        siblings: args.siblings.into_iter().map(|Link(sibling)| sibling).collect(),
        store,
        faults,
    };
    let portal = Portal::new(settings, Clock::system()).map_err(|error| Problem::from(&error))?;

    let stop = CancellationToken::new();
    let word_to_stop = stop.clone();
    tokio::spawn(async move {
        asked_to_stop().await;
        word_to_stop.cancel();
    });
    if let Err(error) = portal.check_store().await {
        tracing::warn!(target: "portal", "{error}; the portal starts, and answers 503 until it is there");
    }
    println!("{}", portal.settings().public_url.as_str().trim_end_matches('/'));
    portals::serve(&portal, listener, stop).await.map_err(exposed)
}

/// Resolves at Ctrl-C, and at what service managers and container engines send instead.
async fn asked_to_stop() {
    // Where the system gives no such signal, the program runs until it is killed.
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! { () = interrupted => {}, () = terminated => {} }
}

/// The faults on the command line, all of which this portal must be able to have.
fn faults(args: &Args) -> Result<Faults, Problem> {
    if let Some(fault) = args.faults.iter().find(|fault| !fault.about().portals.contains(&args.portal)) {
        return Err(Problem {
            what: format!("the {} portal cannot have the fault {fault}", args.portal),
            means: fault.about().wrong.to_owned(),
            action: "choose another one; `portal --help` says which portal can have which".to_owned(),
        });
    }
    let faults: Faults = args.faults.iter().copied().collect();
    if !faults.is_empty() && !args.bind.is_loopback() {
        return Err(exposed(portals::Exposed));
    }
    Ok(faults)
}

/// The end of `--help`.
fn fault_list() -> String {
    let mut text = "Faults:\n".to_owned();
    for about in Fault::ALL.map(Fault::about) {
        let portals: Vec<&str> = about.portals.iter().map(|kind| kind.word()).collect();
        text += &format!("  {} ({}; {})\n      {}\n", about.name, about.origin, portals.join(", "), about.wrong);
    }
    text
}

fn exposed(error: portals::Exposed) -> Problem {
    Problem {
        what: "faults and --bind do not go together".to_owned(),
        means: error.to_string(),
        action: "leave out --bind or --fault".to_owned(),
    }
}

/// The client's name and secret. The lab's own are well known, so they are taken only for a provider on this machine:
/// sending them elsewhere could only fail, or worse, work.
fn credentials(args: &Args) -> Result<(String, Option<Secret>), Problem> {
    let local = is_loopback(&args.issuer);
    let client_id = match &args.client_id {
        Some(id) => id.clone(),
        None if local => lab_client(args.portal).0.to_owned(),
        None => return Err(Problem::missing("--client-id ID", "the name of this portal's client at the provider")),
    };
    let secret = match &args.client_secret_env {
        Some(variable) => Some(std::env::var(variable).map(Secret::new).map_err(|_| Problem {
            what: format!("the environment variable {variable} is not set, or not text"),
            means: "--client-secret-env names the variable that holds the client's secret".to_owned(),
            action: format!("set {variable} to the secret that the provider shows for the client \"{client_id}\""),
        })?),
        None if !args.portal.is_confidential() => None,
        None if local && client_id == lab_client(args.portal).0 => lab_client(args.portal).1.map(Secret::new),
        None => {
            let meaning = "the name of an environment variable with the client's secret";
            return Err(Problem::missing("--client-secret-env VAR", meaning));
        }
    };
    Ok((client_id, secret))
}

/// Client and secret as in the lab's realm file.
fn lab_client(kind: Kind) -> (&'static str, Option<&'static str>) {
    match kind {
        Kind::Internal => ("internal-portal", Some("internal-portal-lab-secret")),
        Kind::External => ("external-portal", None),
        Kind::Admin => ("admin-dashboard", Some("admin-dashboard-lab-secret")),
    }
}

/// The parser's own message ("relative URL without a base") helps nobody who forgot `http://`.
fn web_address(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| {
        format!(
            "\"{text}\" is not a web address ({error}); it must be complete, such as http://localhost:8080/realms/x"
        )
    })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What happened, what it means, what to do.
#[derive(Debug)]
struct Problem {
    what: String,
    means: String,
    action: String,
}

impl Problem {
    fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            means: "the portal cannot run with these settings".to_owned(),
            action: "correct the option that is named above; portal --help lists all of them".to_owned(),
        }
    }

    fn missing(option: &str, meaning: &str) -> Self {
        Self {
            what: format!("{option} is missing"),
            means: format!(
                "the issuer is not on this machine, or the client is not the lab's, so there is no default for it: {meaning}"
            ),
            action: format!("add {option}"),
        }
    }
}

impl From<&PortalError> for Problem {
    fn from(error: &PortalError) -> Self {
        Self::new(&error.to_string())
    }
}

fn cannot_store(error: &UnknownStore) -> Problem {
    Problem {
        what: format!("--store cannot be used: {error}"),
        means: "the portal does not know where to keep its sessions".to_owned(),
        action: "correct the address, or leave the option out to keep sessions in memory".to_owned(),
    }
}

fn cannot_listen(args: &Args, error: &std::io::Error) -> Problem {
    let Args { bind, port, .. } = args;
    let what = format!("cannot listen on {bind}:{port}: {error}");
    let (means, action) = match error.kind() {
        std::io::ErrorKind::AddrInUse => (
            "another program uses this port, perhaps a portal or a lab that is still running",
            "stop that program, or choose another port with --port; the provider must know the new address too",
        ),
        std::io::ErrorKind::PermissionDenied => {
            ("this user may not listen there; ports below 1024 are often reserved", "choose another port with --port")
        }
        std::io::ErrorKind::AddrNotAvailable => {
            ("this machine has no such address", "choose an address of this machine with --bind")
        }
        _ => (
            "the portal cannot be reached without it",
            "choose another address with --bind or another port with --port",
        ),
    };
    Problem { what, means: means.to_owned(), action: action.to_owned() }
}

impl FromStr for Link {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, url) = text.split_once('=').ok_or("it must have the form KIND=URL")?;
        let kind = kind.parse().map_err(|error: portals::UnknownKind| error.to_string())?;
        Ok(Self(Sibling { kind, url: web_address(url)? }))
    }
}
