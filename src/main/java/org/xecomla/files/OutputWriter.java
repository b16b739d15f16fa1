package org.xecomla.files;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the contents of one file. The stream is buffered and closed by the caller. */
@FunctionalInterface
public interface OutputWriter {
    void write(OutputStream out) throws IOException;
}
