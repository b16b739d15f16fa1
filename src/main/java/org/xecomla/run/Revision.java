package org.xecomla.run;

/** The sources that this program was built from. */
public final class Revision {
    private Revision() {}

    /** Version and commit, as the build wrote them into the jar; "development" where there is no jar. */
    public static String current() {
        String version = Revision.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
