package org.xecomla.corpus.chat.jinja.library;

import java.util.List;
import java.util.Map;
import org.xecomla.corpus.chat.jinja.value.Budget;
import org.xecomla.corpus.chat.jinja.value.TemplateError;

/** What functions need of the rendering that calls them. */
public interface Operations {
    Budget budget();

    /** @throws TemplateError where there is no such filter */
    Object filter(String name, Object value, List<Object> positional, Map<String, Object> keywords);

    /** @throws TemplateError where there is no such test */
    boolean test(String name, Object value, List<Object> positional, Map<String, Object> keywords);
}
