// Starts the interface: colours first, then the session, then the App.
import { applyTheme } from "./theme.js";
import { openSession } from "./session.js";
import { store } from "./store.js";
import { start } from "./sync.js";
import { watchFiles } from "./parts/only_text.js";
import "./screens/app.js";

applyTheme();
watchFiles();
if (await openSession()) await start();
else store.change({ boot: "stranger" });
