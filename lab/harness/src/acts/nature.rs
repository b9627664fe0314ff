//! What each act is like, for those who let it happen.

use std::time::Duration;

use super::Act;
use crate::control::client::USUAL;
use crate::world::START_DEADLINE;

impl Act {
    /// Whether it changes the realm, and not only who is signed in there.
    pub(super) fn changes_the_realm(&self) -> bool {
        match self {
            Self::DisableUser { .. }
            | Self::DeleteUser { .. }
            | Self::ResetPassword { .. }
            | Self::TakeRoles { .. }
            | Self::PushNotBefore
            | Self::LogOutEverybody
            // It also sets the user's own not-before.
            | Self::LogOutUser { .. }
            | Self::DisableClient { .. }
            | Self::PairwiseSubject { .. }
            | Self::RotateKeys
            | Self::RotateRefreshTokens
            | Self::SetRememberMe { .. }
            | Self::OverrideFramePolicy
            | Self::Grant { .. }
            | Self::ImportTestKey
            | Self::HearByFrontChannel { .. }
            | Self::RegisterListeners { .. }
            | Self::SetLifetimes(_) => true,
            Self::EndSession { .. }
            | Self::OvertakeTokens { .. }
            | Self::OvertakePost { .. }
            | Self::EndBySid { .. }
            | Self::SetCookiePolicy { .. }
            | Self::SetApp(_)
            | Self::Script { .. }
            | Self::Disturb { .. }
            | Self::MoveClocks { .. }
            | Self::RestartPortal { .. }
            | Self::Host { .. }
            | Self::StopRedis
            | Self::StartRedis
            | Self::EmptyRedis
            | Self::RestartKeycloak
            | Self::Post { .. } => false,
        }
    }

    /// Whether it is finished once it has begun, also when whoever asked for it has gone: half of it would leave a part of
    /// the lab stopped.
    pub(crate) fn is_finished_once_begun(&self) -> bool {
        matches!(
            self,
            Self::RestartPortal { .. } | Self::Host { .. } | Self::StopRedis | Self::StartRedis | Self::RestartKeycloak
        )
    }

    /// How long to wait for it at most.
    pub(crate) fn patience(&self) -> Duration {
        match self {
            // The stop comes on top, which is bounded as well.
            Self::RestartKeycloak => START_DEADLINE + Duration::from_secs(75),
            Self::Host { .. } | Self::StartRedis | Self::StopRedis => Duration::from_mins(1),
            _ => USUAL,
        }
    }
}
