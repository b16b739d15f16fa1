package org.xecomla.corpus.chat.jinja.value;

/** A text in the making whose every character is in the budget before it is there. */
public final class TextBuilder {
    private final StringBuilder text = new StringBuilder();
    private final Budget budget;

    public TextBuilder(Budget budget) {
        this.budget = budget;
    }

    public TextBuilder append(String part) {
        budget.characters(part.length());
        text.append(part);
        return this;
    }

    public TextBuilder append(char part) {
        budget.characters(1);
        text.append(part);
        return this;
    }

    public TextBuilder repeat(String part, long times) {
        if (times > 0 && !part.isEmpty()) {
            budget.characters(Math.multiplyExact(Math.min(times, 1L << 31), (long) part.length()));
            text.append(part.repeat(Math.toIntExact(Math.min(times, Integer.MAX_VALUE))));
        }
        return this;
    }

    int length() {
        return text.length();
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
