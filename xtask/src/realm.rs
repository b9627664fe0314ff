//! `cargo xtask realm …`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use lab::{Kind, Trouble};
use realm::Realm;
use realm::lint::{Judged, Severity, accepted, judge};
use serde_json::Value;

use crate::lab_commands::running;
use crate::out::say;
use crate::settings::{Format, Global};

mod shown;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Find what makes sign-ins and sign-outs go wrong in a realm; exit 1 when there is something
    Lint(Args),
}

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A realm in Keycloak's export format [default: the shipped realm]
    #[arg(value_name = "FILE", conflicts_with = "running")]
    file: Option<PathBuf>,
    /// The realm of the running lab, as Keycloak exports it
    #[arg(long)]
    running: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

pub(crate) async fn run(command: Command, global: &Global) -> Result<(), Trouble> {
    match command {
        Command::Lint(args) => lint(args, global).await,
    }
}

async fn lint(args: Args, global: &Global) -> Result<(), Trouble> {
    let (source, realm) = match (&args.file, args.running) {
        (Some(file), _) => (file.display().to_string(), read(file)?),
        (None, true) => ("the running realm".to_owned(), running::client(global)?.realm().await?),
        (None, false) => ("the shipped realm".to_owned(), Realm::shipped().json().clone()),
    };
    let mut judged = judge(&realm, realm::lint(&realm), &accepted());
    if args.file.is_none() && !args.running {
        let unused = std::mem::take(&mut judged.unused);
        judged.findings.extend(unused);
    }
    let code = exit_code(&judged);
    match args.format {
        Format::Human => say(shown::human(&source, &realm, &judged).trim_end()),
        Format::Json => {
            let object = shown::json(&source, &realm, &judged, code);
            say(&serde_json::to_string_pretty(&object).unwrap_or_default());
        }
    }
    match code {
        0 => Ok(()),
        // The findings have said what is wrong; there is nothing to add.
        code => std::process::exit(code.into()),
    }
}

/// Notices are worth knowing and no reason to fail.
fn exit_code(judged: &Judged) -> u8 {
    let bad = judged.findings.iter().any(|finding| finding.rule.severity > Severity::Notice);
    if bad { Kind::Lesson.exit_code() } else { 0 }
}

/// Reads anybody's realm file.
///
/// # Errors
/// Content: no file, not JSON (with its line), or not one realm with clients.
fn read(file: &Path) -> Result<Value, Trouble> {
    let name = file.display();
    let export = "export one: in the administration console under Realm settings, Action, Partial export with clients, or by `kc.sh export --realm NAME --file FILE`";
    let unusable = |what: String, means: &str, action: String| Trouble::new(Kind::Content, what, means, action);
    let text = std::fs::read_to_string(file).map_err(|error| {
        let what = format!("cannot read the realm file {name}");
        unusable(what, "there is nothing to look at", "give the path of a realm in Keycloak's export format".to_owned())
            .caused_by(error)
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let realm: Value = serde_json::from_str(text).map_err(|error| {
        let what = format!("{name} is not JSON, line {} column {}: {error}", error.line(), error.column());
        unusable(what, "Keycloak could not import it either", format!("mend line {} of {name}", error.line()))
    })?;
    if let Value::Array(realms) = &realm {
        let what = format!("{name} holds a list of {} realms", realms.len());
        return Err(unusable(
            what,
            "one realm is looked at at a time",
            "export each realm to a file of its own".to_owned(),
        ));
    }
    if !realm["realm"].is_string() {
        let what = format!("{name} is JSON, and no realm: it has no member \"realm\" with a name");
        return Err(unusable(what, "it may be a single client, a users file or something else", export.to_owned()));
    }
    if !realm["clients"].is_array() {
        let what = format!("{name} has no list \"clients\"");
        return Err(unusable(
            what,
            "who is told of a logout is a matter of clients, so nothing could be said about it",
            export.to_owned(),
        ));
    }
    Ok(realm)
}
