package org.xecomla.cli;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.Writer;
import org.xecomla.errors.Printable;

/** Passes on what a terminal may be shown, see {@link Printable}. */
final class PrintableWriter extends FilterWriter {
    PrintableWriter(Writer out) {
        super(out);
    }

    @Override
    public void write(int c) throws IOException {
        out.write(Printable.of(Character.toString(c)));
    }

    @Override
    public void write(char[] chars, int offset, int length) throws IOException {
        out.write(Printable.of(new String(chars, offset, length)));
    }

    @Override
    public void write(String text, int offset, int length) throws IOException {
        out.write(Printable.of(text.substring(offset, offset + length)));
    }
}
