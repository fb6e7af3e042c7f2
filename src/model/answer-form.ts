// How a mock server answers trials.

/** `json`: an object whose `value` is the number. `text`: the number in decimal, the shortest answer there is. */
export const ANSWER_FORMS = ['json', 'text'] as const;
export type AnswerForm = (typeof ANSWER_FORMS)[number];
