//! The lab's own Chromium, in a state folder of the test's own, and pictures of what it shows.

use std::path::PathBuf;

use ::lab::chromium::{self, Cookies};
use ::lab::state::Folders;
use thirtyfour::prelude::*;

/// A browser that ends with the test.
pub struct Chromium {
    inner: chromium::Chromium,
    pictures: Option<PathBuf>,
    _state: tempfile::TempDir,
}

impl Chromium {
    pub async fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let folders = Folders::find(None, Some(state.path().to_owned())).unwrap();
        let inner = chromium::Chromium::start(&folders, Cookies::Block).await;
        let inner = inner.unwrap_or_else(|trouble| panic!("no browser: {trouble:?}"));
        let pictures = std::env::var_os("SSO_LAB_PICTURES").map(PathBuf::from);
        Self { inner, pictures, _state: state }
    }

    pub fn driver(&self) -> &WebDriver {
        self.inner.driver()
    }

    /// Keeps a picture of the page where SSO_LAB_PICTURES names a folder.
    pub async fn picture(&self, name: &str) {
        if let Some(folder) = &self.pictures {
            std::fs::create_dir_all(folder).unwrap();
            self.driver().screenshot(&folder.join(format!("{name}.png"))).await.unwrap();
        }
    }

    pub async fn stop(self) {
        self.inner.stop().await.unwrap();
    }
}
