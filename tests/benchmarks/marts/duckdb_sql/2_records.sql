-- Records of every feed, the latest version of each.

create table dim_procedure as
select
    procedure_code(r.MaTTHC) as procedure_code,
    r.MaDonVi as unit_code,
    nullif(r.MaLinhVuc, '') as field_code,
    nullif(r.TenLinhVuc, '') as field_name,
    r.MucDo in ('3', '4') as is_online,
    r.CoPhi = '1' as has_fee,
    r.TichHopThanhToanQG = '1' as is_payment_integrated,
    r.KetNoiCSDLDC = '1' as shares_population_data,
    r.DuNoiDung = '1' as is_disclosed_in_full,
    day(r.HanCongBo) as publish_by,
    day(r.NgayCongBo) as published_on,
    day(r.HanCongKhai) as disclose_by,
    day(r.NgayCongKhai) as disclosed_on,
    r.TrangThai = '1'
    and coalesce(day(r.HieuLucTu) <= last_day, true)
    and coalesce(last_day <= day(r.HieuLucDen), true) as is_active
from (
    select unnest(from_json(body, '{"data": [{"MaTTHC": "VARCHAR", "MaDonVi": "VARCHAR",
        "MaLinhVuc": "VARCHAR", "TenLinhVuc": "VARCHAR", "MucDo": "VARCHAR", "CoPhi": "VARCHAR",
        "TichHopThanhToanQG": "VARCHAR", "KetNoiCSDLDC": "VARCHAR", "DuNoiDung": "VARCHAR",
        "HanCongBo": "VARCHAR", "NgayCongBo": "VARCHAR", "HanCongKhai": "VARCHAR",
        "NgayCongKhai": "VARCHAR", "TrangThai": "VARCHAR", "HieuLucTu": "VARCHAR",
        "HieuLucDen": "VARCHAR"}]}').data) as r
    from page('procedures')
)
cross join period;

create temp table paid_online as
select dossier_id, min(paid_at) as paid_online_at
from (
    select
        r.MaHoSo as dossier_id,
        instant(r.ThoiGianGD) as paid_at,
        r.HinhThucThanhToan = 'truc-tuyen'
        and r.QuaNenTangQG = '1'
        and r.TrangThai = 'Đã thanh toán' as is_paid_online
    from (
        select unnest(from_json(body, '{"data": [{"MaGiaoDich": "VARCHAR", "MaHoSo": "VARCHAR",
            "HinhThucThanhToan": "VARCHAR", "QuaNenTangQG": "VARCHAR", "TrangThai": "VARCHAR",
            "ThoiGianGD": "VARCHAR", "NgayCapNhat": "VARCHAR"}]}').data) as r
        from page('payments')
    )
    qualify row_number() over (partition by r.MaGiaoDich order by r.NgayCapNhat desc) = 1
)
where is_paid_online and paid_at is not null
group by dossier_id;

create temp table dossier as
select
    r.MaHoSo as dossier_id,
    r.MaDonVi as unit_code,
    procedure_code(r.MaTTHC) as procedure_code,
    nullif(r.MaLinhVuc, '') as field_code,
    nullif(r.TenLinhVuc, '') as field_name,
    r.KenhThucHien as channel,
    r.TrangThaiHoSo as state,
    instant(r.NgayTiepNhan) as received_at,
    instant(r.NgayHenTra) as due_at,
    case
        when r.TrangThaiHoSo in ('9', '10')
            then instant(coalesce(nullif(r.NgayKetThucXuLy, ''), r.NgayTra))
        when r.TrangThaiHoSo in ('7', '8')
            then instant(coalesce(nullif(r.NgayKetThucXuLy, ''), r.NgayCapNhat))
    end as closed_at,
    instant(r.NgayDongBoDVCQG) as synced_to_portal_at,
    instant(r.NgayDongBoKho) as synced_to_vault_at,
    r.HoSoCoThanhPhanSoHoa = '1' as is_digitised,
    r.HinhThuc in ('1', '2') as is_returned_online_or_by_post,
    r.CoBuocTrucTiep = '0' as is_without_in_person_step,
    r.DaXoa = '1' as is_deleted,
    r.NgayCapNhat as version,
    coalesce(
        list_sum(r.DanhSachLePhi.list_transform(lambda fee: nullif(fee.Gia, '')::bigint)), 0
    ) > 0 as has_fee,
    coalesce(list_bool_or(r.TaiLieuNop.list_transform(
        lambda paper: paper.DuocTaiSuDung in ('1', '2') or paper.DuocLayTuKhoDMQG = '1'
    )), false) as is_reused,
    coalesce(list_contains(
        r.DSKetNoiCSDL.list_transform(lambda consulted: consulted.MaCSDL), 'CSDLDC'
    ), false) as uses_population_data,
    coalesce(list_bool_or(r.DanhSachGiayToKetQua.list_transform(
        lambda result: result.MaGiayToKetQua <> ''
        and result.DuongDanTepTinKetQua <> ''
        and not coalesce(list_contains(
            r.TaiLieuNop.list_transform(lambda paper: paper.DuongDanTaiTepTin),
            result.DuongDanTepTinKetQua
        ), false)
    )), false) as has_electronic_result
from (
    select unnest(from_json(body, '{"data": [{"MaHoSo": "VARCHAR", "MaTTHC": "VARCHAR",
        "MaLinhVuc": "VARCHAR", "TenLinhVuc": "VARCHAR", "KenhThucHien": "VARCHAR",
        "MaDonVi": "VARCHAR", "NgayTiepNhan": "VARCHAR", "NgayHenTra": "VARCHAR",
        "NgayKetThucXuLy": "VARCHAR", "NgayTra": "VARCHAR", "TrangThaiHoSo": "VARCHAR",
        "HinhThuc": "VARCHAR", "HoSoCoThanhPhanSoHoa": "VARCHAR", "CoBuocTrucTiep": "VARCHAR",
        "NgayDongBoDVCQG": "VARCHAR", "NgayDongBoKho": "VARCHAR", "DaXoa": "VARCHAR",
        "NgayCapNhat": "VARCHAR", "DanhSachLePhi": [{"Gia": "VARCHAR"}],
        "TaiLieuNop": [{"DuongDanTaiTepTin": "VARCHAR", "DuocTaiSuDung": "VARCHAR",
            "DuocLayTuKhoDMQG": "VARCHAR"}],
        "DanhSachGiayToKetQua": [{"MaGiayToKetQua": "VARCHAR",
            "DuongDanTepTinKetQua": "VARCHAR"}],
        "DSKetNoiCSDL": [{"MaCSDL": "VARCHAR"}]}]}').data) as r
    from page('dossiers')
);

-- the procedure's own row, else the one of its code with the smallest unit code
create table fct_dossier as
select
    dossier.* exclude (field_code, field_name, is_deleted, version),
    coalesce(own.unit_code, other.unit_code) as procedure_unit_code,
    coalesce(
        dossier.field_code,
        case when own.unit_code is not null then own.field_code else other.field_code end
    ) as field_code,
    coalesce(
        case when own.unit_code is not null then own.is_online else other.is_online end, false
    ) as is_online_procedure,
    paid_online_at,
    state in ('9', '10') as is_resolved,
    coalesce(closed_at::date <= due_at::date, true) as is_on_time
from (
    select *
    from dossier
    qualify row_number() over (partition by dossier_id order by version desc) = 1
) as dossier
left join dim_procedure as own
    on dossier.procedure_code = own.procedure_code and dossier.unit_code = own.unit_code
left join (
    select distinct on (procedure_code) * from dim_procedure order by procedure_code, unit_code
) as other on dossier.procedure_code = other.procedure_code
left join paid_online on dossier.dossier_id = paid_online.dossier_id
where not is_deleted and state not in ('1', '3');

create temp table fct_petition as
select
    r.MaDonVi as unit_code,
    instant(r.NgayHenTraLoi) as due_at,
    instant(r.NgayTraLoi) as replied_at,
    coalesce(replied_at::date <= due_at::date, true) as is_on_time,
    nullif(r.MucDoHaiLong, '') as satisfaction
from (
    select r
    from (
        select unnest(from_json(body, '{"data": [{"MaPAKN": "VARCHAR", "MaDonVi": "VARCHAR",
            "NgayHenTraLoi": "VARCHAR", "NgayTraLoi": "VARCHAR", "TrangThai": "VARCHAR",
            "MucDoHaiLong": "VARCHAR", "DaXoa": "VARCHAR", "NgayCapNhat": "VARCHAR"}]}').data) as r
        from page('petitions')
    )
    qualify row_number() over (partition by r.MaPAKN order by r.NgayCapNhat desc) = 1
)
where r.DaXoa <> '1' and r.TrangThai <> '4';

create temp table fct_rating as
select
    r.MaDonVi as unit_code,
    instant(r.ThoiGianDanhGia) as rated_at,
    r.DanhGia in ('RHL', 'HL') as is_satisfied
from (
    select r
    from (
        select unnest(from_json(body, '{"data": [{"MaDanhGia": "VARCHAR", "MaDonVi": "VARCHAR",
            "ThoiGianDanhGia": "VARCHAR", "DanhGia": "VARCHAR", "DaXoa": "VARCHAR",
            "NgayCapNhat": "VARCHAR"}]}').data) as r
        from page('ratings')
    )
    qualify row_number() over (partition by r.MaDanhGia order by r.NgayCapNhat desc) = 1
)
where r.DaXoa <> '1';
