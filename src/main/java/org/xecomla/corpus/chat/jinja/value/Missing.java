package org.xecomla.corpus.chat.jinja.value;

/** Neither a value nor None: there is none. */
public enum Missing {
    VALUE
}
