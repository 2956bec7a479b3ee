/* The loop of frame_rows.py in C. That file is the reference, and tests/log/test_frame_rows.py gives both the same cases.
 * A head that does not lie in the data is not read.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#define HEAD_BYTES 44
#define MAGIC 0x7ef1
#define KIND_PLACE 2
#define LENGTH_PLACE 4
#define COUNT_PLACE 12
#define POSITION_PLACE 16
#define SEQUENCE_PLACE 24

/* Little-endian; compilers make one load of it. */
static uint64_t number_at(const unsigned char *place, int bytes)
{
    uint64_t number = 0;
    for (int byte = 0; byte < bytes; byte++)
        number |= (uint64_t)place[byte] << 8 * byte;
    return number;
}

static PyObject *row_end(PyObject *module, PyObject *args)
{
    Py_buffer data;
    unsigned long long position, offset, sequence, kind, most_bytes;
    if (!PyArg_ParseTuple(args, "y*KKKKK:row_end", &data, &position, &offset, &sequence, &kind, &most_bytes))
        return NULL;
    const unsigned char *start = data.buf;
    uint64_t size = (uint64_t)data.len, end = offset, behind = sequence, stop = offset + most_bytes;
    while (offset <= stop && offset <= size && size - offset >= HEAD_BYTES) {
        const unsigned char *head = start + offset;
        if (number_at(head + POSITION_PLACE, 8) != position + offset || number_at(head + SEQUENCE_PLACE, 8) != sequence
            || number_at(head, 2) != MAGIC)
            break;
        uint64_t count = number_at(head + COUNT_PLACE, 4);
        end = offset;
        behind = sequence;
        if (head[KIND_PLACE] != kind || count == 0)
            break;
        offset += HEAD_BYTES + number_at(head + LENGTH_PLACE, 4);
        sequence += count;
    }
    PyBuffer_Release(&data);
    return Py_BuildValue("KK", (unsigned long long)end, (unsigned long long)behind);
}

static PyMethodDef functions[] = {
    {"row_end", row_end, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_frame_rows", .m_size = 0, .m_methods = functions};

PyMODINIT_FUNC PyInit__frame_rows(void)
{
    return PyModuleDef_Init(&definition);
}
