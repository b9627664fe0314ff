//! Building the image.

use lab::keycloak::image;
use realm::Realm;

use crate::support::{VERSION, built, docker};

#[tokio::test(flavor = "multi_thread")]
async fn the_image_is_built_under_the_tag_that_the_runtime_looks_for() {
    let built = built().await;
    assert_eq!(built.tag, image::tag(VERSION, &Realm::shipped()));
    assert_eq!(docker(&["inspect", "--format", "{{.Config.User}}", &built.tag]).await, "1000");
}
