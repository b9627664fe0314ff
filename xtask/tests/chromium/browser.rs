//! Headless Chromium through its own driver, with a fresh profile.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use thirtyfour::prelude::*;
use tokio::process::{Child, Command};

/// How long the driver may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser, its driver process and its profile; all end together.
pub struct Chromium {
    driver: WebDriver,
    process: Child,
    _profile: tempfile::TempDir,
    pictures: Option<PathBuf>,
}

impl Chromium {
    pub async fn start() -> Self {
        ::lab::http::ensure_crypto();
        let profile = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        let profile_argument = format!("--user-data-dir={}", profile.path().display());
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &profile_argument,
        ] {
            wanted.add_arg(argument).unwrap();
        }
        let url = format!("http://127.0.0.1:{port}");
        let driver = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Ok(driver) = WebDriver::new(&url, wanted.clone()).await {
                    return driver;
                }
                tokio::task::yield_now().await;
            }
        });
        let driver = driver.await.expect("chromedriver answers");
        let pictures = std::env::var_os("SSO_LAB_PICTURES").map(PathBuf::from);
        Self { driver, process, _profile: profile, pictures }
    }

    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Keeps a picture of the page where SSO_LAB_PICTURES names a folder.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = &self.pictures {
            std::fs::create_dir_all(folder).unwrap();
            self.driver.screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
        }
    }

    pub async fn stop(mut self) {
        self.driver.quit().await.unwrap();
        self.process.kill().await.unwrap();
    }
}
