//! The files that every page needs: style, scripts, the picture of the tab.

/// The search, by Luca Ongaro, under the MIT licence. Its licence stands at its top.
pub(super) const MINISEARCH: &str = include_str!("../../templates/vendor/minisearch.js");

/// The picture of the tab.
pub(super) const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><rect width=\"32\" height=\"32\" rx=\"7\" fill=\"#0f6e6a\"/><path d=\"M9 10h14M9 16h14M9 22h8\" stroke=\"#fff\" stroke-width=\"2.6\" stroke-linecap=\"round\"/><path d=\"M20 22.5l2 2 4-4.5\" stroke=\"#9ff0d0\" stroke-width=\"2.6\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\"/></svg>\n";
