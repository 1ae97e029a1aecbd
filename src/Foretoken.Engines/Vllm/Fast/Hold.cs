namespace Foretoken.Engines.Vllm.Fast;

/// <summary>A request's hold on blocks [Low, High), starting in <see cref="Piece"/> and going on in the pieces above it.</summary>
internal struct Hold
{
    public int Piece;
    public int Low;
    public int High;
}
