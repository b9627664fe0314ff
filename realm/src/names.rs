//! Names that code and lessons use, each compared with the realm file by a test.

/// Name of the realm.
pub const REALM: &str = "enterprise-sso";

/// A client of the realm: one of the three portals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// `internal-portal`.
    Internal,
    /// `external-portal`.
    External,
    /// `admin-dashboard`.
    Admin,
}

/// A user of the realm. All of them have the lab's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum User {
    /// `john.employee`: employee.
    John,
    /// `mary.manager`: employee and approver.
    Mary,
    /// `alex.admin`: employee, approver and admin.
    Alex,
    /// `pat.partner`: partner, external portal only.
    Pat,
}

/// A realm role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Works here.
    Employee,
    /// May approve, review and reject.
    Approver,
    /// May do everything on the dashboard.
    Admin,
    /// Works for a partner organisation.
    Partner,
}

/// The password of every user: a lab's password, known to everybody.
pub const PASSWORD: &str = "password123";

impl Client {
    /// All clients, in the lab's order.
    pub const ALL: [Self; 3] = [Self::Internal, Self::External, Self::Admin];

    /// `client_id`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Internal => "internal-portal",
            Self::External => "external-portal",
            Self::Admin => "admin-dashboard",
        }
    }

    /// Short name of its portal (`internal`).
    pub fn portal(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::External => "external",
            Self::Admin => "admin",
        }
    }

    /// The origin that stands in the realm file.
    pub fn default_origin(self) -> &'static str {
        match self {
            Self::Internal => "http://localhost:3001",
            Self::External => "http://localhost:3002",
            Self::Admin => "http://localhost:3003",
        }
    }
}

impl User {
    /// All users.
    pub const ALL: [Self; 4] = [Self::John, Self::Mary, Self::Alex, Self::Pat];

    /// `username`.
    pub fn username(self) -> &'static str {
        match self {
            Self::John => "john.employee",
            Self::Mary => "mary.manager",
            Self::Alex => "alex.admin",
            Self::Pat => "pat.partner",
        }
    }

    /// Password.
    pub fn password(self) -> &'static str {
        PASSWORD
    }

    /// Realm roles.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::John => &[Role::Employee],
            Self::Mary => &[Role::Employee, Role::Approver],
            Self::Alex => &[Role::Employee, Role::Approver, Role::Admin],
            Self::Pat => &[Role::Partner],
        }
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Employee, Self::Approver, Self::Admin, Self::Partner];

    /// Name in the realm.
    pub fn name(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Approver => "approver",
            Self::Admin => "admin",
            Self::Partner => "partner",
        }
    }
}
