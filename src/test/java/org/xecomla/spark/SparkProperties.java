package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Spark's properties while the tests of a class run, as {@code spark-submit} would have set them: {@link Pipeline}
 * makes its context of them.
 */
public final class SparkProperties implements BeforeAllCallback, AfterAllCallback {
    private final String master;
    private final List<String> others = new ArrayList<>();

    /** Two task slots in this JVM, and no user interface. */
    public SparkProperties() {
        this("local[2]");
    }

    public SparkProperties(String master) {
        this.master = master;
    }

    /** Sets another property, until the class has ended. */
    public void set(String key, String value) {
        others.add(key);
        System.setProperty(key, value);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        set("spark.master", master);
        set("spark.ui.enabled", "false");
    }

    @Override
    public void afterAll(ExtensionContext context) {
        others.forEach(System::clearProperty);
    }
}
