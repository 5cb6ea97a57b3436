//! What AWS's services offer: operations, members, effects and permissions, from embedded data.
