import words from "@locale/form.json";
import { translator } from "../locale";

export const t = translator(words);
