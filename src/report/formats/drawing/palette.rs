//! The colours of pictures and pages: each has a name, and a value on light paper and on dark.
//!
//! Promise: text has a contrast of 4.5 to what it stands on, in both; a test works it out (WCAG 2.2, 1.4.3). No two colours have the same
//! light value, so that a picture can be turned into one whose colours are names ([`themed`]).

use plotters::style::RGBColor;

/// A colour.
#[derive(Debug, PartialEq, Eq)]
pub struct Colour {
    /// What style sheets call it.
    pub name: &'static str,
    /// On light paper, as `0xRRGGBB`.
    pub light: u32,
    /// On dark paper.
    pub dark: u32,
}

macro_rules! colours {
    ($($(#[$meta:meta])* $constant:ident = $name:literal, $light:literal, $dark:literal;)*) => {
        $($(#[$meta])* pub const $constant: Colour = Colour { name: $name, light: $light, dark: $dark };)*

        /// All of them.
        pub const ALL: &[Colour] = &[$($constant),*];
    };
}

colours! {
    /// What everything stands on.
    PAPER = "paper", 0xffffff, 0x151b23;
    /// Around it.
    DESK = "desk", 0xf3f5f8, 0x0c1117;
    /// Text.
    INK = "ink", 0x1b2430, 0xe6ebf2;
    /// Text that is less important.
    FAINT = "faint", 0x54606f, 0x9eabba;
    /// Borders and grids.
    LINE = "line", 0xd7dde5, 0x323c49;
    /// What a bar runs in.
    TRACK = "track", 0xe8ecf1, 0x29323d;
    /// What can be clicked.
    ACCENT = "accent", 0x0a5ca3, 0x79bbff;
    /// Text that says that something is as wished.
    GOOD = "good", 0x14693a, 0x6fd79b;
    /// Text that is worth a look.
    NOTABLE = "notable", 0x855000, 0xf2b950;
    /// Text that says what is wrong.
    BAD = "bad", 0xb0231c, 0xff938a;
    /// A bar that is as it should be.
    BAR = "bar", 0x2f7dc1, 0x4a97db;
    /// A bar that is too long.
    BAR_OVER = "bar-over", 0xcc6d00, 0xe58f2f;
    /// A mark in a bar.
    MARK = "mark", 0x3b4654, 0xc4ccd6;
    /// Text on fills that are light on light paper.
    ON_FILL = "on-fill", 0x17202b, 0xf0f4f9;
    /// Text on fills that are dark on light paper.
    ON_DEEP = "on-deep", 0xfffffe, 0x0b1016;
    /// Nothing of something.
    LEVEL_0 = "level-0", 0xeef3f9, 0x1c2733;
    /// A little of it.
    LEVEL_1 = "level-1", 0xd2e4f4, 0x1f3a56;
    /// More.
    LEVEL_2 = "level-2", 0xa6cbea, 0x23507d;
    /// Much.
    LEVEL_3 = "level-3", 0x71abd9, 0x2a659f;
    /// Nearly all.
    LEVEL_4 = "level-4", 0x2a6cab, 0x6bb0ee;
    /// All of it.
    LEVEL_5 = "level-5", 0x143f6c, 0xb5daff;
    /// Fill of what is as wished.
    FILL_GOOD = "fill-good", 0xcfeedb, 0x17442b;
    /// Fill of what is worth a look.
    FILL_NOTABLE = "fill-notable", 0xfbe9a9, 0x5a4300;
    /// Fill of trouble.
    FILL_SERIOUS = "fill-serious", 0xffc58f, 0x7c3f00;
    /// Fill of what waits.
    FILL_WAITING = "fill-waiting", 0xdccbf5, 0x4d3680;
    /// Fill of the worst.
    FILL_BAD = "fill-bad", 0xb3271f, 0xff9a91;
    /// The first line of a chart. Colours that people who see fewer colours tell apart (M. Okabe and K. Ito, 2008).
    SERIES_0 = "series-0", 0x0072b2, 0x56b4e9;
    /// The second.
    SERIES_1 = "series-1", 0xd55e00, 0xff9248;
    /// The third.
    SERIES_2 = "series-2", 0x007a59, 0x35c99b;
    /// The fourth.
    SERIES_3 = "series-3", 0xa8497f, 0xe59cc6;
    /// The fifth.
    SERIES_4 = "series-4", 0x5a5a5a, 0xb5b5b5;
}

impl Colour {
    /// For light paper.
    pub fn rgb(&self) -> RGBColor {
        let [_, red, green, blue] = self.light.to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// An SVG in which every colour is its name, for a page that says what names mean.
pub fn themed(svg: &str) -> String {
    ALL.iter()
        .fold(svg.to_owned(), |text, colour| text.replace(&format!("\"#{:06X}\"", colour.light), &format!("\"var(--{})\"", colour.name)))
}

/// What the names mean, for a style sheet.
pub fn declarations() -> String {
    ALL.iter().map(|Colour { name, light, dark }| format!("--{name}:light-dark(#{light:06x},#{dark:06x});")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(rgb: u32) -> f64 {
        let channel = |byte: u8| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [_, red, green, blue] = rgb.to_be_bytes();
        0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue)
    }

    fn contrast(one: u32, other: u32) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_what_it_stands_on() {
        let mut wrong = Vec::new();
        let mut check = |text: &Colour, ground: &Colour, least: f64| {
            for (paper, found) in [("light", contrast(text.light, ground.light)), ("dark", contrast(text.dark, ground.dark))] {
                if found < least {
                    wrong.push(format!("{} on {} ({paper}): {found:.2}", text.name, ground.name));
                }
            }
        };
        for text in [INK, FAINT, ACCENT, GOOD, NOTABLE, BAD] {
            [PAPER, DESK].iter().for_each(|ground| check(&text, ground, 4.5));
        }
        check(&INK, &TRACK, 4.5);
        [LEVEL_0, LEVEL_1, LEVEL_2, LEVEL_3, FILL_GOOD, FILL_NOTABLE, FILL_SERIOUS, FILL_WAITING]
            .iter()
            .for_each(|fill| check(&ON_FILL, fill, 4.5));
        [LEVEL_4, LEVEL_5, FILL_BAD].iter().for_each(|fill| check(&ON_DEEP, fill, 4.5));
        // what is no text needs less (1.4.11)
        for part in [BAR, BAR_OVER, MARK, SERIES_0, SERIES_1, SERIES_2, SERIES_3, SERIES_4] {
            check(&part, &PAPER, 3.0);
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn no_two_colours_are_mistaken_for_one_another() {
        let lights: std::collections::BTreeSet<u32> = ALL.iter().map(|colour| colour.light).collect();
        assert_eq!(lights.len(), ALL.len());
    }
}
