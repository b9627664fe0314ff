//! Somebody's realm that the lab may use: its clients as they were, kept until they are back.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::keycloak::admin::Admin;
use crate::keycloak::{Launch, hex};
use crate::trouble::{Kind, Trouble};

/// The clients as they were before the lab came. Also on disk, readable by the person alone because secrets are
/// among them: a lab that is killed cannot restore anything, the next one can.
pub(super) struct Adopted {
    clients: Vec<Value>,
    file: PathBuf,
}

impl Adopted {
    /// Remembers the clients. What an earlier lab changed and could not restore is restored first.
    pub(super) async fn adopt(admin: &Admin, upstream: &Url, launch: &Launch) -> Result<Self, Trouble> {
        let digest = hex(&Sha256::digest(upstream.as_str()));
        let file = launch.cache.join("keycloak/adopted").join(format!("{}.json", &digest[..16]));
        if let Some(clients) = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            launch
                .progress
                .note("an earlier lab was killed before it could restore the clients: they are restored first");
            Self { clients, file: file.clone() }.restore(admin).await?;
        }
        let adopted = Self { clients: admin.clients().await?, file };
        adopted.write().map_err(|error| cannot_remember(&adopted.file, error))?;
        Ok(adopted)
    }

    /// Puts the clients back and forgets them.
    pub(super) async fn restore(&self, admin: &Admin) -> Result<(), Trouble> {
        for client in &self.clients {
            admin.put_client(client).await?;
        }
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(cannot_remember(&self.file, error)),
            _ => Ok(()),
        }
    }

    fn write(&self) -> io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let text = serde_json::to_vec(&self.clients).map_err(io::Error::other)?;
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&self.file)?;
        file.write_all(&text)?;
        file.sync_all()
    }
}

fn cannot_remember(file: &std::path::Path, error: io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("the clients' settings cannot be kept in {}", file.display()),
        "the lab adopts a realm only when it can restore it, even after having been killed",
        "make the cache folder writable, or choose another one by SSO_LAB_CACHE",
    )
    .caused_by(error)
}
