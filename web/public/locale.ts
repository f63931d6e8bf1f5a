import words from "@locale/public.json";
import roles from "@locale/role.json";
import { translator } from "../shared/locale";

export const t = translator({ ...words, ...roles });
