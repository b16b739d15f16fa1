package org.xecomla.files;

/**
 * What may stand between the project and this machine's own files: found by {@link java.util.ServiceLoader}. A release
 * has none; tests have one whose files fail.
 */
interface FileLayer {
    FileSpace over(FileSpace below);
}
