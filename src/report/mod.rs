//! Layer 8: what the answers say.
//!
//! A result of the library becomes a *view* (plain data with a schema, `views/`), a view becomes a *document* (headline, tables, lines:
//! `document`), and a *format* (`formats/`) writes either. Views know the library and no format; formats know documents and no library.
//!
//! Promise: the same result gives the same bytes in every format; nothing here prints, reads a file, or asks the clock.
//!
//! A new answer: a file in `views/` and a variant of [`views::View`]. A new format: see [`formats`].

pub mod amount;
pub mod document;
pub mod formats;
pub mod views;
