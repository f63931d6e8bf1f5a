// Words of the phone pages. A page with many words brings its own file of
// locale/zh-CN: add it here by one line, with keys that begin with its name.
import alarm from "@locale/alarm.json";
import field from "@locale/field.json";
import shared from "@locale/shared.json";
import visit from "@locale/visit.json";
import { translator } from "@shared/locale";

export const words = { ...shared, ...alarm, ...visit, ...field };
export const t = translator(words);
