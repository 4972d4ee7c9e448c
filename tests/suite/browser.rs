//! A browser without a screen: it opens a page, a script in the page does what a reader would do, and what it says and every complaint of
//! the browser comes back.
//!
//! Where there is no browser these tests say so and pass, but for where CI is: there a missing browser is a failure, so that nobody takes
//! silence for success. `PLIMSOLL_BROWSER` names one (Chromium or Chrome).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a reader opens, and does there.
pub struct Visit<'a> {
    /// The page.
    pub page: &'a str,
    /// What the reader does: the body of an async function in which `say(text)` writes a line, `key(name)` presses a key where the focus
    /// is, `await pause()` lets the page come to rest, and `unreadable()` lists texts without the contrast that they need.
    pub script: &'a str,
    /// The window.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

/// What came of it.
pub struct Heard {
    /// The lines that were said.
    pub said: String,
    /// Errors, warnings and messages on the console, requests, and violations of the page's own policy.
    pub complaints: Vec<String>,
}

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser, if there is one.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_BROWSER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file());
    let browser = named.or(found);
    if browser.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no browser: install chromium, or name one in PLIMSOLL_BROWSER");
        eprintln!("no browser is installed (chromium, google-chrome, or PLIMSOLL_BROWSER): nothing was tried");
    }
    browser
}

/// Before anything of the page runs: whatever goes wrong is written down.
const WATCH: &str = r#"<script>
window.complaints = [];
addEventListener("error", (event) => complaints.push("error: " + event.message));
addEventListener("unhandledrejection", (event) => complaints.push("rejection: " + event.reason));
addEventListener("securitypolicyviolation", (event) => complaints.push("forbidden: " + event.blockedURI));
</script>"#;

/// After everything of the page has run.
const ACT: &str = r#"<script>
(async () => {
  const lines = [];
  const say = (text) => lines.push(text);
  const pause = () => new Promise((wake) => setTimeout(wake, 400));
  const key = (name) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true }));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((byte) => byte / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, alpha = 1] = numbers(getComputedStyle(each).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const unreadable = () => {
    const bad = new Set();
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim());
      if (!own.length || !element.getClientRects().length || element.closest("svg, script, button:disabled")) continue;
      const [text, back] = [luminance(numbers(getComputedStyle(element).color).slice(0, 3)), luminance(ground(element))];
      const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
      if (contrast < 4.5) bad.add(`${element.tagName}.${element.className} ${contrast.toFixed(2)}: ${own[0].textContent.trim().slice(0, 30)}`);
    }
    return [...bad];
  };
  try {
    SCRIPT
  } catch (problem) {
    complaints.push("the reader failed: " + problem.stack);
  }
  performance.getEntriesByType("resource").forEach((entry) => complaints.push("request: " + entry.name));
  const result = (id, list) => {
    const made = document.createElement("pre");
    made.id = id;
    made.textContent = list.map((line) => line + "\n").join("");
    document.body.append(made);
  };
  result("test-said", lines);
  result("test-complaints", complaints);
})();
</script>"#;

/// Opens a page and does what the script does.
pub fn visit(browser: &Path, folder: &Path, visit: &Visit<'_>) -> Heard {
    let page = visit.page.replacen("<head>", &format!("<head>{WATCH}"), 1);
    let page = page.replacen("</body>", &format!("{}</body>", ACT.replacen("SCRIPT", visit.script, 1)), 1);
    let file = folder.join("visited.html");
    std::fs::write(&file, page).expect("a file can be written");
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args(["--disable-sync", "--disable-quic", "--disable-extensions", "--disable-dev-shm-usage", "--enable-logging=stderr"])
        .args(["--virtual-time-budget=60000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--window-size={},{}", visit.width, visit.height))
        .arg(format!("file://{}", file.display()))
        .stdin(Stdio::null())
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    let said = part(&dom, "test-said").unwrap_or_else(|| panic!("the reader never came to an end\n{log}"));
    let mut complaints: Vec<String> = part(&dom, "test-complaints").unwrap_or_default().lines().map(str::to_owned).collect();
    complaints.extend(log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned));
    Heard { said, complaints }
}

/// The text of the element with this id.
fn part(dom: &str, id: &str) -> Option<String> {
    let start = dom.find(&format!("<pre id=\"{id}\">"))? + id.len() + 11;
    let text = &dom[start..start + dom[start..].find("</pre>")?];
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
