namespace Foretoken.Hardware.Models;

/// <summary>How a weight matrix is stored: bits per number, and the scale factors that stand beside the numbers.</summary>
/// <param name="Name">Name as engines and checkpoints use it: bf16, fp8, fp8_block, nvfp4, mxfp4, int4, int8, fp32.</param>
/// <param name="Bits">Bits of one number without its scale.</param>
/// <param name="ScaleBytes">Bytes of one scale factor; 0 for none.</param>
/// <param name="GroupRows">Output rows that share a scale factor; 0 for all.</param>
/// <param name="GroupColumns">Input columns that share a scale factor; 0 for all.</param>
public sealed record WeightFormat(string Name, int Bits, int ScaleBytes = 0, int GroupRows = 0, int GroupColumns = 0)
{
    /// <summary>16-bit brain float, also used for fp16.</summary>
    public static readonly WeightFormat Bf16 = new("bf16", 16);

    /// <summary>32-bit float.</summary>
    public static readonly WeightFormat Fp32 = new("fp32", 32);

    /// <summary>8-bit float with one 32-bit scale per matrix.</summary>
    public static readonly WeightFormat Fp8 = new("fp8", 8, ScaleBytes: 4);

    /// <summary>8-bit float with one 32-bit scale per block of 128 x 128 (DeepSeek's format).</summary>
    public static readonly WeightFormat Fp8Block = new("fp8_block", 8, 4, 128, 128);

    /// <summary>4-bit float with one 8-bit scale per 16 numbers (ModelOpt); the one 32-bit scale per matrix is left out.</summary>
    public static readonly WeightFormat Nvfp4 = new("nvfp4", 4, 1, 1, 16);

    /// <summary>4-bit float with one 8-bit exponent per 32 numbers (OCP MX).</summary>
    public static readonly WeightFormat Mxfp4 = new("mxfp4", 4, 1, 1, 32);

    /// <summary>8-bit integer with one 32-bit scale per row.</summary>
    public static readonly WeightFormat Int8 = new("int8", 8, 4, 1, 0);

    /// <summary>4-bit integer with one 16-bit scale per group of <paramref name="group"/> numbers of a row.</summary>
    public static WeightFormat Int4(int group) => new("int4", 4, 2, 1, group);

    /// <summary>Bytes of a matrix of <paramref name="rows"/> outputs and <paramref name="columns"/> inputs, scales included.</summary>
    public long Bytes(long rows, long columns) => NumberBytes(rows, columns) + ScaleBytesOf(rows, columns);

    /// <summary>Bytes of the numbers alone.</summary>
    public long NumberBytes(long rows, long columns) => checked(rows * columns * Bits + 7) / 8;

    private long ScaleBytesOf(long rows, long columns) =>
        ScaleBytes == 0 ? 0 : ScaleBytes * Groups(rows, GroupRows) * Groups(columns, GroupColumns);

    private static long Groups(long length, int group) => group == 0 ? 1 : (length + group - 1) / group;
}
