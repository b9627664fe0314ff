//! axe-core in the page that is on the screen, as people with different eyes and screens see it.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// Vendored for tests: a version from the network would find something else tomorrow. No portal serves it.
const AXE: &str = include_str!("vendor/axe.min.js");
const MANIFEST: &str = include_str!("vendor/manifest.json");

/// How a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Light,
    Dark,
    /// 375 pixels wide, as a small phone is.
    Phone,
}

impl Look {
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Phone];

    /// Makes the tab in front look so, and proves it: a page that stayed light would pass in the dark.
    pub async fn put_on(self, driver: &WebDriver) {
        let scheme = if self == Self::Dark { "dark" } else { "light" };
        // A colour on its way to another one is neither, so nothing moves.
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        driver.cdp().send_raw("Emulation.setEmulatedMedia", json!({ "features": features })).await.unwrap();
        let width = if self == Self::Phone { PHONE } else { 1280 };
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
        let seen = format!("return matchMedia('(prefers-color-scheme: {scheme})').matches && innerWidth === {width};");
        assert_eq!(driver.execute(seen, Vec::new()).await.unwrap().json(), &json!(true), "{self:?} is not put on");
    }
}

const PHONE: u32 = 375;

/// What keeps people out of the page in front: one line for each element and rule.
pub async fn findings(driver: &WebDriver, look: Look) -> Vec<String> {
    // The pages' policy forbids scripts of strangers. The driver's own are not the page's, so the policy stays as it is.
    let loaded = driver.execute("return typeof axe;", Vec::new()).await.unwrap();
    if loaded.json() == "undefined" {
        driver.execute(AXE, Vec::new()).await.unwrap();
    }
    let found = driver.execute(RUN, Vec::new()).await.unwrap();
    let Value::Array(found) = found.json() else { panic!("axe gave no list: {:?}", found.json()) };
    let mut lines: Vec<String> = found.iter().map(|line| line.as_str().unwrap().to_owned()).collect();
    if look == Look::Phone {
        let width = driver.execute("return document.documentElement.scrollWidth;", Vec::new()).await.unwrap();
        let width = width.json().as_u64().unwrap();
        if width > u64::from(PHONE) {
            lines.push(format!("the page is {width} pixels wide: it scrolls sideways"));
        }
    }
    lines
}

/// Puts on the page in front what [`findings`] has to find, and gives the words by which it is found.
pub async fn spoil(driver: &WebDriver, look: Look) -> Vec<&'static str> {
    driver.execute(SPOIL, Vec::new()).await.unwrap();
    let found = vec!["button-name", "color-contrast"];
    if look == Look::Phone { [found, vec!["scrolls sideways"]].concat() } else { found }
}

/// A button without a word, grey on grey, and wider than a phone.
const SPOIL: &str = r#"
    const button = document.createElement("button");
    const text = document.createElement("p");
    text.textContent = "Hard to read";
    Object.assign(text.style, { color: "rgb(140 140 140)", background: "rgb(160 160 160)", width: "600px" });
    document.querySelector("main").append(button, text);
"#;

/// All of axe's rules, its best practices too. Of what it finds, "minor" and "moderate" keep nobody out.
const RUN: &str = r#"
    return axe.run(document, { resultTypes: ["violations"] }).then(({ passes, violations }) => {
        if (passes.length === 0) return null;
        return violations
            .filter(({ impact }) => impact === "serious" || impact === "critical")
            .flatMap(({ id, impact, help, helpUrl, nodes }) => nodes.map(({ target, failureSummary }) =>
                `${id} (${impact}) at ${target.join(" ")}: ${help}, ${helpUrl}; ${failureSummary.replace(/\s+/g, " ")}`));
    });
"#;

#[test]
fn the_vendored_axe_is_the_one_of_its_manifest() {
    let manifest: Value = serde_json::from_str(MANIFEST).unwrap();
    let entry = &manifest[0];
    assert_eq!(entry["file"], "axe.min.js");
    assert_eq!(entry["license"], "MPL-2.0");
    assert_eq!(entry["sha256"], ::lab::digest::sha256_hex(AXE.as_bytes()).as_str());
    assert!(AXE.starts_with(&format!("/*! axe v{}\n", entry["version"].as_str().unwrap())));
}
