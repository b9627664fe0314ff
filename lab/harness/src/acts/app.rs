//! What a lesson chooses about a portal while it runs. A portal that is put back or hosted anew by the reset forgets it.

use portals::AppOptions;
use realm::Client;

use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

impl Parts {
    pub(super) async fn set_app(&self, options: AppOptions) -> Result<(), Trouble> {
        let _turn = self.hosting.turn().await;
        for one in self.hosting.portals().iter().filter(|one| one.kind().word() == Client::External.portal()) {
            one.set_app_options(options).map_err(|error| {
                let what = format!("the external portal cannot work like that: {error}");
                Trouble::new(Kind::Usage, what, "nothing was changed", "choose another library or another place")
                    .caused_by(error)
            })?;
        }
        Ok(())
    }
}
