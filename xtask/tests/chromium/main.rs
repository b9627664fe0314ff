//! The portals in a real browser, against a real Keycloak.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod accessibility;
#[allow(unreachable_pub, reason = "a module of a test binary")]
mod app;
#[allow(unreachable_pub, reason = "a module of a test binary")]
mod axe;
#[allow(unreachable_pub, reason = "a module of a test binary")]
mod browser;
mod check_session;
mod console;
mod driver;
mod faults;
mod keyboard;
mod keycloak_js;
#[path = "../support/lab.rs"]
mod lab;
mod live;
mod open;
mod options;
mod silent;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use browser::Chromium;
use lab::RunningLab;
use thirtyfour::prelude::*;

/// Longer than a page takes here.
const PATIENCE: Duration = Duration::from_secs(20);

async fn wait_for(driver: &WebDriver, css: &str) -> WebElement {
    let found = driver.query(By::Css(css)).wait(PATIENCE, Duration::from_millis(50)).first().await;
    match found {
        Ok(element) => element,
        Err(error) => {
            let at = driver.current_url().await.map(|url| url.to_string()).unwrap_or_default();
            let page = driver.source().await.unwrap_or_default();
            panic!("`{css}` did not appear at {at}: {error}\n{page}");
        }
    }
}

async fn click(driver: &WebDriver, css: &str) {
    wait_for(driver, css).await.click().await.unwrap();
}

/// Fills Keycloak's sign-in form.
async fn give_password(driver: &WebDriver, user: &str) {
    wait_for(driver, "#kc-form-login, form[action*='login-actions']").await;
    wait_for(driver, "input[name=username]").await.send_keys(user).await.unwrap();
    wait_for(driver, "input[name=password]").await.send_keys(realm::PASSWORD).await.unwrap();
    wait_for(driver, "[type=submit]").await.click().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_sign_on_opens_three_portals_and_one_sign_out_closes_them() {
    let lab = RunningLab::dist().await;
    let browser = Chromium::start().await;
    let driver = browser.driver();
    let (internal, external, admin) = (lab.url("internal"), lab.url("external"), lab.url("admin"));

    driver.goto(&internal).await.unwrap();
    click(driver, "body[data-view=signed-out] a[href='/login']").await;
    browser.picture("keycloak-sign-in").await;
    give_password(driver, "mary.manager").await;
    wait_for(driver, "body[data-view=signed-in]").await;
    assert_eq!(
        wait_for(driver, "div[data-view=signed-in] [data-field=username]").await.text().await.unwrap(),
        "mary.manager"
    );
    browser.picture("internal-signed-in").await;
    let first_tab = driver.window().await.unwrap();

    // The second portal: one click, no password.
    let second_tab = driver.new_tab().await.unwrap();
    driver.switch_to_window(second_tab.clone()).await.unwrap();
    driver.goto(&external).await.unwrap();
    browser.picture("external-signed-out").await;
    click(driver, "body[data-view=signed-out] [data-sign-in]").await;
    wait_for(driver, "body[data-view=signed-in]").await;
    browser.picture("external-signed-in").await;

    // The third portal.
    let third_tab = driver.new_tab().await.unwrap();
    driver.switch_to_window(third_tab.clone()).await.unwrap();
    driver.goto(&format!("{admin}admin/login")).await.unwrap();
    browser.picture("admin-sign-in").await;
    click(driver, "a[href='/admin/auth']").await;
    wait_for(driver, "form[action='/admin/items/review-all']").await;
    browser.picture("admin-dashboard").await;

    // A decision really changes something.
    click(driver, "form[action$='/approve'] button").await;
    wait_for(driver, "form[action='/admin/items/review-all']").await;
    assert!(driver.source().await.unwrap().contains("mary.manager"));
    browser.picture("admin-dashboard-approved").await;

    // Sign out at the dashboard: the other two tabs notice without a click.
    driver.goto(&format!("{admin}admin/logout")).await.unwrap();
    browser.picture("admin-sign-out").await;
    click(driver, "main form[action='/admin/logout'] button").await;
    wait_for(driver, "[data-page=signed-out], main").await;
    browser.picture("admin-signed-out").await;
    driver.switch_to_window(first_tab).await.unwrap();
    wait_for(driver, "body[data-view=signed-out]").await;
    browser.picture("internal-told-live").await;
    driver.switch_to_window(second_tab).await.unwrap();
    wait_for(driver, "body[data-view=signed-out]").await;
    browser.picture("external-told").await;

    // And they are really out: the dashboard asks for a sign-in, Keycloak for a password.
    driver.goto(&format!("{admin}admin/dashboard")).await.unwrap();
    wait_for(driver, "a[href='/admin/auth']").await;
    click(driver, "a[href='/admin/auth']").await;
    wait_for(driver, "input[name=password]").await;

    browser.stop().await;
    lab.stop().await;
}
