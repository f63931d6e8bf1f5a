// Words of the desktop pages. A page with many words brings its own file of
// locale/zh-CN: add it here by one line, with keys that begin with its name.
import centre from "@locale/centre.json";
import command from "@locale/command.json";
import drawing from "@locale/drawing.json";
import files from "@locale/files.json";
import register from "@locale/register.json";
import report from "@locale/report.json";
import guard from "@locale/guard.json";
import seat from "@locale/seat.json";
import shared from "@locale/shared.json";
import { translator } from "@shared/locale";

export const words = { ...shared, ...consoleWords, ...guard, ...seat, ...command, ...files, ...report, ...centre, ...drawing, ...register };
export const t = translator(words);
