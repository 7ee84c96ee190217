#include <Python.h>

#include "vendored.h"

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "module", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_module(void)
{
    PyObject *module = PyModule_Create(&definition);
    PyModule_AddIntConstant(module, "vendored", vendored(1));
    return module;
}
