//! Drills, judged from journals that tests write.
