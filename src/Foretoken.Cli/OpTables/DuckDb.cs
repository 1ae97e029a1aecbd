using System.Runtime.InteropServices;
using System.Text;

namespace Foretoken.Cli.OpTables;

/// <summary>A database in memory to ask files through. Needs <see cref="DuckDbLibrary.IsThere"/>.</summary>
internal sealed class DuckDb : IDisposable
{
    private nint _database;
    private nint _connection;

    /// <summary>Opens it.</summary>
    /// <exception cref="DuckDbException">It does not open.</exception>
    public DuckDb()
    {
        if (DuckDbNative.Open(null, out _database) != 0 || DuckDbNative.Connect(_database, out _connection) != 0)
        {
            Dispose();
            throw new DuckDbException("the database does not open");
        }
    }

    /// <summary>Names and types of a query's columns.</summary>
    /// <exception cref="DuckDbException">The query fails.</exception>
    public IReadOnlyList<(string Name, DuckDbType Type)> Columns(string query)
    {
        var result = Ask(query);
        try
        {
            var columns = new (string, DuckDbType)[DuckDbNative.ColumnCount(ref result)];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = (Marshal.PtrToStringUTF8(DuckDbNative.ColumnName(ref result, (ulong)i)) ?? "", (DuckDbType)DuckDbNative.ColumnType(ref result, (ulong)i));
            }

            return columns;
        }
        finally
        {
            DuckDbNative.DestroyResult(ref result);
        }
    }

    /// <summary>Hands over every row of a query. The row is only good during the call.</summary>
    /// <exception cref="DuckDbException">The query fails.</exception>
    public void Rows(string query, Action<DuckDbRow> row)
    {
        var result = Ask(query);
        try
        {
            var columns = (int)DuckDbNative.ColumnCount(ref result);
            for (var chunk = DuckDbNative.FetchChunk(result); chunk != 0; chunk = DuckDbNative.FetchChunk(result))
            {
                try
                {
                    var view = new DuckDbRow(chunk, columns);
                    for (var i = 0; i < (int)DuckDbNative.ChunkSize(chunk); i++)
                    {
                        view.Index = i;
                        row(view);
                    }
                }
                finally
                {
                    DuckDbNative.DestroyChunk(ref chunk);
                }
            }
        }
        finally
        {
            DuckDbNative.DestroyResult(ref result);
        }
    }

    /// <summary>A text as a literal of SQL.</summary>
    public static string Quote(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <inheritdoc />
    public void Dispose()
    {
        if (_connection != 0)
        {
            DuckDbNative.Disconnect(ref _connection);
        }

        if (_database != 0)
        {
            DuckDbNative.Close(ref _database);
        }
    }

    private DuckDbNative.Result Ask(string query)
    {
        if (DuckDbNative.Query(_connection, query, out var result) == 0)
        {
            return result;
        }

        var message = Marshal.PtrToStringUTF8(DuckDbNative.ResultError(ref result)) ?? "the query fails";
        DuckDbNative.DestroyResult(ref result);
        throw new DuckDbException(message);
    }
}

/// <summary>What DuckDB says when something does not work.</summary>
internal sealed class DuckDbException(string message) : Exception(message);

/// <summary>A row of a result. Columns are read as what the query made them: text, BIGINT or DOUBLE.</summary>
internal sealed unsafe class DuckDbRow
{
    private readonly nint[] _data;
    private readonly nint[] _validity;

    internal DuckDbRow(nint chunk, int columns)
    {
        _data = new nint[columns];
        _validity = new nint[columns];
        for (var i = 0; i < columns; i++)
        {
            var vector = DuckDbNative.Vector(chunk, (ulong)i);
            _data[i] = DuckDbNative.VectorData(vector);
            _validity[i] = DuckDbNative.VectorValidity(vector);
        }
    }

    internal int Index { get; set; }

    /// <summary>Whether a column has no value.</summary>
    public bool IsNull(int column) => _validity[column] != 0 && (((ulong*)_validity[column])[Index / 64] >> (Index % 64) & 1) == 0;

    /// <summary>A whole number.</summary>
    public long Integer(int column) => ((long*)_data[column])[Index];

    /// <summary>A number.</summary>
    public double Number(int column) => ((double*)_data[column])[Index];

    /// <summary>A text: length, then up to twelve bytes in place, or four of them and where all lie.</summary>
    public string Text(int column)
    {
        const int InPlace = 12;
        var at = (byte*)_data[column] + (16 * Index);
        var length = *(int*)at;
        return Encoding.UTF8.GetString(length <= InPlace ? at + 4 : *(byte**)(at + 8), length);
    }
}

/// <summary>Column types of duckdb.h that a table of measurements can have.</summary>
internal enum DuckDbType
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Varchar = 17,
    Decimal = 19,
}
