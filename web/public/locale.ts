import words from "@locale/public.json";
import { translator } from "../shared/locale";

export const t = translator(words);
