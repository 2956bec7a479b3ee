/* The loops of byte_loops.py in C. That file is the reference: what is said there of arguments, results and errors holds here,
 * and tests/core/test_byte_loops.py gives both the same cases. No loop here is run over more than some 256 KB at once, so the
 * interpreter's lock stays held. Nothing is read outside of the buffers, whatever the arguments are.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

/* A sum of at most 255 ones fits into a byte, and a loop over bytes alone is one that compilers turn into vectors. */
#define FEW_BYTES 255

static Py_ssize_t line_feeds(const char *text, Py_ssize_t size)
{
    Py_ssize_t sum = 0;
    while (size > 0) {
        Py_ssize_t few = size < FEW_BYTES ? size : FEW_BYTES;
        unsigned char found = 0;
        for (Py_ssize_t place = 0; place < few; place++)
            found += text[place] == '\n';
        sum += found;
        text += few;
        size -= few;
    }
    return sum;
}

static PyObject *count_line_feeds(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, start, stop;
    if (!PyArg_ParseTuple(args, "y#nn:count_line_feeds", &text, &size, &start, &stop))
        return NULL;
    if (stop > size)
        stop = size;
    return PyLong_FromSsize_t(start < 0 || start > stop ? 0 : line_feeds(text + start, stop - start));
}

static PyObject *behind_line_feed(PyObject *module, PyObject *args)
{
    const char *text;
    Py_ssize_t size, start, stop, number;
    if (!PyArg_ParseTuple(args, "y#nnn:behind_line_feed", &text, &size, &start, &stop, &number))
        return NULL;
    if (stop > size)
        stop = size;
    for (; number > 0; number--) {
        const char *found = start < 0 || start >= stop ? NULL : memchr(text + start, '\n', stop - start);
        if (found == NULL) {
            PyErr_SetString(PyExc_ValueError, "the text has fewer lines");
            return NULL;
        }
        start = found - text + 1;
    }
    return PyLong_FromSsize_t(start);
}

/* Writes the texts as lines, for which there is room; returns how many, or 0 where something else stands between them. */
static Py_ssize_t write_lines(char **out, const char *place, const char *end, const char *separator, Py_ssize_t separator_size)
{
    for (Py_ssize_t count = 1;; count++) {
        const char *quote = memchr(place, '"', end - place);
        Py_ssize_t size = (quote == NULL ? end : quote) - place;
        memcpy(*out, place, size);
        (*out)[size] = '\n';
        *out += size + 1;
        if (quote == NULL)
            return count;
        if (end - quote < separator_size || memcmp(quote, separator, separator_size) != 0)
            return 0;
        place = quote + separator_size;
    }
}

static PyObject *cut_like_texts(PyObject *module, PyObject *args)
{
    const char *data, *prefix, *separator, *tail;
    Py_ssize_t size, start, prefix_size, separator_size, tail_size;
    if (!PyArg_ParseTuple(args, "y#ny#y#y#:cut_like_texts", &data, &size, &start, &prefix, &prefix_size, &separator,
                          &separator_size, &tail, &tail_size))
        return NULL;
    if (start < 0 || start > size || size - start < prefix_size + tail_size || separator_size < 1 || *separator != '"'
        || memcmp(data + start, prefix, prefix_size) != 0 || memcmp(data + size - tail_size, tail, tail_size) != 0)
        Py_RETURN_NONE;
    const char *first = data + start + prefix_size, *end = data + size - tail_size;
    /* A separator is at least as long as the line feed that is written for it; the last text has no separator. */
    PyObject *lines = PyBytes_FromStringAndSize(NULL, end - first + 1);
    if (lines == NULL)
        return NULL;
    char *written = PyBytes_AS_STRING(lines), *out = written;
    Py_ssize_t count = write_lines(&out, first, end, separator, separator_size);
    if (count < 2 || memchr(written, '\\', out - written) != NULL || line_feeds(written, out - written) != count) {
        Py_DECREF(lines);
        Py_RETURN_NONE;
    }
    if (_PyBytes_Resize(&lines, out - written) < 0)
        return NULL;
    return Py_BuildValue("Nn", lines, count);
}

static PyMethodDef functions[] = {
    {"behind_line_feed", behind_line_feed, METH_VARARGS, NULL},
    {"count_line_feeds", count_line_feeds, METH_VARARGS, NULL},
    {"cut_like_texts", cut_like_texts, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_byte_loops", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC PyInit__byte_loops(void)
{
    return PyModuleDef_Init(&definition);
}
